/** One round of the fuzzer, in a process of its own: `fuzz-round.ts SEED REQUESTS` prints what came of it as JSON. */
import { fuzzAgent } from '../../packages/agent/test/fuzz-agent.ts'

const [seed, requests] = process.argv.slice(2).map(Number)
console.log(JSON.stringify(await fuzzAgent({ seed: seed ?? 1, requests: requests ?? 1_000 })))
