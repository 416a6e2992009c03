import { quantile } from '../statistics.ts'
import { hasWrk, type LoadResult, runWrk } from '../wrk.ts'
import { token } from './contenders.ts'
import { KeepAliveConnection } from './keep-alive-connection.ts'

export interface Load {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly seconds: number
}

/** What makes the load, for the notes. */
export const loadClient: string = hasWrk
  ? 'wrk -t1'
  : 'the built-in client, as wrk is not installed (apt package wrk); it is slower than wrk'

/** As many requests as the server takes, each connection asking again when it has its answer. */
export const runLoad = (load: Load): Promise<LoadResult> =>
  hasWrk ? runWrk({ ...load, header: `X-Aws-Parameters-Secrets-Token: ${token}` }) : runBuiltIn(load)

const runBuiltIn = async ({ port, path, connections, seconds }: Load): Promise<LoadResult> => {
  const times: number[] = []
  const untilMs = performance.now() + seconds * 1_000
  const client = async (): Promise<void> => {
    const connection = await KeepAliveConnection.open(port)
    while (performance.now() < untilMs) times.push(await connection.get(path))
    connection.close()
  }
  await Promise.all(Array.from({ length: connections }, client))
  return {
    requests: times.length,
    perSecond: times.length / seconds,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  }
}

export interface PacedLoad extends Load {
  /** Each connection asks this often; what waits behind a late answer counts as waiting. */
  readonly everyMs: number
}

/** Latencies, in milliseconds, of callers that ask at their own pace: a wait of one is not hidden by the rest. */
export const runPaced = async ({ port, path, connections, seconds, everyMs }: PacedLoad): Promise<number[]> => {
  const times: number[] = []
  const fromMs = performance.now()
  const client = async (_: unknown, index: number): Promise<void> => {
    const connection = await KeepAliveConnection.open(port)
    const firstMs = fromMs + (index * everyMs) / connections
    for (let dueMs = firstMs; dueMs < fromMs + seconds * 1_000; dueMs += everyMs) {
      const earlyMs = dueMs - performance.now()
      if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs))
      // Behind a late answer the next request is late as well, and that is part of its wait.
      times.push(Math.max(0, -earlyMs) + (await connection.get(path)))
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: connections }, client))
  return times
}
