import { execFile } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { FuzzResult } from '../../packages/agent/test/fuzz-agent.ts'
import { root } from '../built.ts'
import { measured, type Row, yardstick } from '../row.ts'

export interface FuzzParts {
  /** Requests to send, as far as the time suffices. */
  readonly requests: number
  /** No round begins after it. */
  readonly seconds: number
}

/** Enough for the heap to show whether it grows, and few enough that the time is kept. */
const roundRequests = 25_000

/** As `KEYPLANE_FUZZ_REQUESTS` says; a million, in three minutes at most. */
export const fuzzParts = (env: Readonly<Record<string, string | undefined>>): FuzzParts => ({
  requests: Number(env['KEYPLANE_FUZZ_REQUESTS'] ?? 1_000_000),
  seconds: Number(env['KEYPLANE_FUZZ_SECONDS'] ?? 180),
})

const runRound = (seed: number, requests: number): Promise<FuzzResult> =>
  new Promise((resolve, reject) => {
    const args = [
      '-C',
      'source',
      '--expose-gc',
      join(root, 'bench/agent/fuzz-round.ts'),
      String(seed),
      String(requests),
    ]
    execFile(process.execPath, args, { timeout: 300_000, maxBuffer: 64 * 1_048_576 }, (error, stdout) => {
      if (error) reject(error)
      else resolve(JSON.parse(stdout) as FuzzResult)
    })
  })

/** Odd requests to the agent and to plain `node:http`: how many were read differently, and what they cost in memory. */
export const fuzzRows = async ({ requests, seconds }: FuzzParts): Promise<Row[]> => {
  const untilMs = performance.now() + seconds * 1_000
  const results: FuzzResult[] = []
  let [begun, seed] = [0, 0]
  const worker = async (): Promise<void> => {
    while (begun < requests && performance.now() < untilMs) {
      const size = Math.min(roundRequests, requests - begun)
      begun += size
      seed += 1
      results.push(await runRound(seed, size))
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, worker))
  const sum = (of: (result: FuzzResult) => number): number => results.reduce((total, result) => total + of(result), 0)
  for (const { seed: at, faults } of results) for (const fault of faults) console.log(`seed ${at}: ${fault}\n`)
  const growth = Math.max(...results.map(({ heapMb: [early, late] }) => late - early))
  const sent = sum((result) => result.requests)
  const note =
    `${sent} of ${requests} requests in ${Math.ceil(seconds)} s at most, on ${sum(({ streams }) => streams)} connections; ` +
    `${sum(({ fastAnswers }) => fastAnswers)} answered by the fast path, ${sum(({ oddHeads }) => oddHeads)} that node:http ` +
    `refuses; seeds 1 to ${seed}`
  const facts = (id: string, what: string, unit = '') => ({ id: `fuzz-${id}`, what: `fuzzer: ${what}`, unit })
  return [
    yardstick({ ...facts('requests', 'requests sent'), note }, sent),
    measured(
      facts('differences', 'read differently, crashes'),
      sum(({ faults }) => faults.length),
      { atMost: 0 },
    ),
    measured(
      facts('5xx', 'answers with 5xx'),
      sum(({ serverErrors }) => serverErrors),
      { atMost: 0 },
    ),
    measured(facts('heap', 'growth of the heap in a round, at most', 'MB'), Math.max(0, growth), { atMost: 2 }),
  ]
}
