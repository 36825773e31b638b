// Starts the worker. It is JavaScript, so that a Node.js which cannot run TypeScript still says
// which version is required.
import './src/nodeversion.js';
import module from 'node:module'; // as a whole: an old one lacks enableCompileCache
import path from 'node:path';

// Code without its types is kept for the next start, in all threads: it takes half the time and
// 40 MB less. A directory that cannot be written is no error.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, 'node_modules', '.cache', 'compile');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

await import('./src/main.ts');
