import { cpuSeconds } from '../agent/process-usage.ts'
import { quantile } from '../statistics.ts'
import { Connection, type WireRequest } from './connection.ts'

export interface Load {
  readonly port: number
  /** The server, whose processor time is counted. */
  readonly pid: number
  readonly connections: number
  readonly seconds: number
  /** The request with this number; made anew, and signed, each time. */
  readonly request: (index: number) => WireRequest
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the server, a request. */
  readonly cpuMicroseconds: number
}

const warmUpMs = 5_000

/** As many requests as the server takes, each connection asking again when it has its answer. */
export const runLoad = async ({ port, pid, connections, seconds, request }: Load): Promise<LoadResult> => {
  const open = Array.from({ length: connections }, () => new Connection(port))
  const times: number[] = []
  let index = 0
  const run = async (untilMs: number): Promise<void> => {
    times.length = 0
    await Promise.all(
      open.map(async (connection) => {
        while (performance.now() < untilMs) {
          const fromMs = performance.now()
          await connection.send(request(index++))
          times.push(performance.now() - fromMs)
        }
      }),
    )
  }
  // Not counted: both sides compile, and a thread of several at a time.
  await run(performance.now() + warmUpMs)
  const [cpuBefore, fromMs] = [cpuSeconds(pid), performance.now()]
  await run(fromMs + seconds * 1_000)
  const took = (performance.now() - fromMs) / 1_000
  const cpu = cpuSeconds(pid) - cpuBefore
  for (const connection of open) connection.close()
  return {
    perSecond: times.length / took,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    cpuMicroseconds: (cpu / times.length) * 1_000_000,
  }
}
