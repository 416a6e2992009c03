import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { formArguments } from './built.ts'

export type Environment = Readonly<Record<string, string>>

export interface Server {
  readonly pid: number
  /** From the start of the process to the line that was waited for. */
  readonly readyMs: number
  /** The line that was waited for. */
  readonly line: string
  stop(): Promise<void>
}

export interface ServerCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Environment
  readonly cwd?: string
  /** A line of stdout with this text says that it is ready. */
  readonly readyText: string
}

const pathOnly = (): Environment => ({ PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' })

/** Starts a server in a process of its own; resolves when it says that it is ready, within 30 seconds. */
export const startServer = ({ file, args, env = {}, cwd, readyText }: ServerCommand): Promise<Server> =>
  new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const child = spawn(file, [...args], {
      env: { ...pathOnly(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
    })
    let words = ''
    const late = setTimeout(() => fail('was not ready within 30 s'), 30_000)
    const fail = (why: string): void => {
      clearTimeout(late)
      child.kill('SIGKILL')
      reject(new Error(`${file} ${args.join(' ')} ${why}:\n${words.slice(-2_000)}`))
    }
    const onExit = (code: number | null): void => fail(`ended with ${code}`)
    const hear = (chunk: Buffer): void => {
      words = (words + chunk.toString()).slice(-10_000)
      const line = words.split('\n').find((candidate) => candidate.includes(readyText))
      if (line === undefined || child.pid === undefined) return
      clearTimeout(late)
      child.removeListener('exit', onExit)
      child.stdout.removeListener('data', hear).resume()
      resolve({ pid: child.pid, readyMs: performance.now() - startedMs, line, stop: () => stop(child) })
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString()
    })
    child.once('error', (error) => fail(error.message))
    child.once('exit', onExit)
  })

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const cut = setTimeout(() => child.kill('SIGKILL'), 5_000)
    child.once('exit', () => {
      clearTimeout(cut)
      resolve()
    })
    child.kill('SIGTERM')
  })

export interface NodeRun {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Environment
  /** Default: 5 minutes. */
  readonly timeoutMs?: number
}

/** What a Node.js process writes to stdout until its end. */
export const runNode = ({ args, cwd, env = {}, timeoutMs = 300_000 }: NodeRun): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd, env: { ...pathOnly(), ...env }, timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 }
    execFile(process.execPath, [...formArguments, ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}: ${error.message}\n${stderr}`))
      else resolve(stdout)
    })
  })

/** A port that nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
