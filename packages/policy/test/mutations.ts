/**
 * Changes each file that a decision is made in, one small thing at a time, and prints the changes that nothing notices.
 * Run it by `node -C source packages/policy/test/mutations.ts [file…]`; it fails where there are any.
 */
import { decisionFiles, survey, unfit } from './mutations/survey.ts'
import { trials } from './mutations/trial.ts'

const failing = unfit(trials)
if (failing !== undefined) throw new Error(`the package as it is fails ${failing}`)

const asked = process.argv.slice(2)
for (const file of asked.length > 0 ? asked : decisionFiles) {
  const { killed, equivalent, survivors, stale } = survey([file], trials)
  console.log(`${file}: ${killed} killed, ${equivalent} equivalent, ${survivors.length} survived`)
  for (const name of survivors) console.log(`  survived: ${name}`)
  for (const name of stale) console.log(`  not equivalent: ${name}`)
  if (survivors.length + stale.length > 0) process.exitCode = 1
}
