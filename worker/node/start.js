// Starts the worker. It is JavaScript, so that a Node.js which cannot run TypeScript still says
// which version is required.
import './src/nodeversion.js';

await import('./src/main.ts');
