/** Workspace packages are taken from their sources, in tests as in `npm start`. */
export const sources = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
}

/**
 * Calls from WebAssembly, which strips types in each thread, are not compiled anew after a thousand of them: what frees the
 * code of before aborts now and then where threads come and go (nodejs/node#64500). Other versions may not know the flag.
 */
const callsFromWasm = process.versions.node.startsWith('24.') ? ['--wasm-wrapper-tiering-budget=2147483647'] : []

/** What every run of tests shares: the sources in workers too, and its count in a file that CI sums. */
export const runner = (name: string) => ({
  // Without V8's baseline compiler: with it a process that made and ended hundreds of threads, as ours do, dies now
  // and then in its garbage collector, and the whole run with it (nodejs/node#62393).
  execArgv: ['-C', 'source', '--no-sparkplug', ...callsFromWasm],
  reporters: ['default', ['json', { outputFile: `.results/${name}.json` }]] as ['default', ['json', object]],
})
