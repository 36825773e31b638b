// Exits if this Node.js is too old: 24.15 is the first whose SQLite has the limits that bound a
// statement's memory.
const [requiredMajor, requiredMinor] = [24, 15];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < requiredMajor || (major === requiredMajor && minor < requiredMinor)) {
  process.stderr.write(
    `shardeck-worker: this is Node.js ${process.versions.node}; the worker requires ${requiredMajor}.${requiredMinor} or later ` +
      '(the package "node" of the npm registry can bring it: npx node@24)\n',
  );
  process.exit(2);
}
