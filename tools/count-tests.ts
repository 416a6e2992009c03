/** Sums the runs of tests that left their counts in `.results/`, as one plain line. A run that left none is a failure. */
import { existsSync, readFileSync } from 'node:fs'

interface Counts {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numFailedTestSuites: number
}

const runs = process.argv.slice(2).map((name) => {
  const file = `.results/${name}.json`
  if (!existsSync(file)) {
    console.log(`${name}: no result`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const counts: Counts = JSON.parse(readFileSync(file, 'utf8'))
  // A file that can't be loaded has no test that could fail.
  const broken = counts.numFailedTests === 0 ? counts.numFailedTestSuites : 0
  console.log(
    `${name}: ${counts.numPassedTests} passed, ${counts.numFailedTests + broken} failed, ${counts.numPendingTests} skipped`,
  )
  return { passed: counts.numPassedTests, failed: counts.numFailedTests + broken, skipped: counts.numPendingTests }
})
const sum = (key: 'passed' | 'failed' | 'skipped'): number => runs.reduce((total, run) => total + run[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0
