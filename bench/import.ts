// A process that imports one module and reports how long that took, in milliseconds: `node import.ts <module>`.

const [, , module = ''] = process.argv;
const started = performance.now();
await import(module);
process.send!(performance.now() - started);
process.disconnect();
