// Package plot draws columns of a table: bars of a value for each label, a line of one number
// over another or over time, and a histogram.
//
// [Read] collects the points, which may take a moment for a large table and is bounded: of more
// than [MaxPoints] rows it takes evenly spaced ones, and the plot says so. A [Plot] then draws
// them. The package is pure.
package plot
