/** Workspace packages are taken from their sources, in tests as in `npm start`. */
export const sources = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
}

/** What every run of tests shares: the sources in workers too, and its count in a file that CI sums. */
export const runner = (name: string) => ({
  // Without V8's baseline compiler: with it a process that made and ended hundreds of threads, as ours do, dies now
  // and then in its garbage collector, and the whole run with it (nodejs/node#62393).
  execArgv: ['-C', 'source', '--no-sparkplug'],
  reporters: ['default', ['json', { outputFile: `.results/${name}.json` }]] as ['default', ['json', object]],
})
