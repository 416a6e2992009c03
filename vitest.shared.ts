/** Workspace packages are taken from their sources, in tests as in `npm start`. */
export const sources = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
}

/** What every run of tests shares: the sources in workers too, and its count in a file that CI sums. */
export const runner = (name: string) => ({
  execArgv: ['-C', 'source'],
  reporters: ['default', ['json', { outputFile: `.results/${name}.json` }]] as ['default', ['json', object]],
})
