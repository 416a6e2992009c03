import { cpuSeconds } from '../agent/process-usage.ts'
import { quantile } from '../statistics.ts'
import { bytesOf, Connection, type WireRequest } from './connection.ts'

export interface Load {
  readonly port: number
  /** The server, whose processor time is counted. */
  readonly pid: number
  readonly connections: number
  readonly seconds: number
  /** The request with this number: each is signed by itself. */
  readonly request: (index: number) => WireRequest
}

export interface LoadResult {
  readonly connections: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the server, a request. */
  readonly cpuMicroseconds: number
}

const warmUpMs = 5_000
/** Without signing there is more time for requests. */
const madeAhead = 2

/** As many requests as the server takes, each connection asking again when it has its answer. */
export const runLoad = async ({ port, pid, connections, seconds, request }: Load): Promise<LoadResult> => {
  const open = Array.from({ length: connections }, () => new Connection(port))
  const times: number[] = []
  let index = 0
  let made: Buffer[] = []
  const run = async (untilMs: number): Promise<void> => {
    times.length = 0
    await Promise.all(
      open.map(async (connection) => {
        while (performance.now() < untilMs) {
          const bytes = made.pop() ?? bytesOf(request(index++))
          const fromMs = performance.now()
          await connection.sendBytes(bytes)
          times.push(performance.now() - fromMs)
        }
      }),
    )
  }
  // Not counted: both sides compile, and a thread of several at a time.
  await run(performance.now() + warmUpMs)
  // Signing is the client's work, on processors that the server needs: it is done before the time is taken.
  const wanted = Math.ceil((times.length / warmUpMs) * 1_000 * seconds * madeAhead)
  made = Array.from({ length: wanted }, () => bytesOf(request(index++)))
  const [cpuBefore, fromMs] = [cpuSeconds(pid), performance.now()]
  await run(fromMs + seconds * 1_000)
  const took = (performance.now() - fromMs) / 1_000
  const cpu = cpuSeconds(pid) - cpuBefore
  for (const connection of open) connection.close()
  return {
    connections,
    perSecond: times.length / took,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    cpuMicroseconds: (cpu / times.length) * 1_000_000,
  }
}
