package regular

// NoWait is nothing on this system, where an open does not wait.
const NoWait = 0
