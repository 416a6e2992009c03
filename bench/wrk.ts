import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface WrkLoad {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly seconds: number
  /** One more header of each request: `Name: value`. */
  readonly header: string
}

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Whether this machine has wrk. */
export const hasWrk: boolean = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'wrk')))

/** As many requests as the server takes, each connection asking again when it has its answer. @throws Error for any failure. */
export const runWrk = ({ port, path, connections, seconds, header }: WrkLoad): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', header]
    execFile('wrk', [...args, `http://127.0.0.1:${port}${path}`], (error, stdout) => {
      if (error) return reject(error)
      if (/Non-2xx|Socket errors/.test(stdout)) return reject(new Error(`wrk saw failures:\n${stdout}`))
      return resolve(parseWrk(stdout))
    })
  })

const parseWrk = (text: string): LoadResult => {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1])
  const latency = (percent: number): number => {
    const [, value, unit = 'ms'] = new RegExp(`\\s${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
    return Number(value) * ({ us: 0.001, ms: 1, s: 1_000 }[unit] ?? Number.NaN)
  }
  return {
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: latency(50),
    p99Ms: latency(99),
  }
}
