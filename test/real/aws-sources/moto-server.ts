import { type ChildProcess, spawn } from 'node:child_process'
import { requiredTool } from '../required-tool.ts'

/** moto's imitation of AWS as a server of its own, on a free port, with nothing in it. It checks no signature. */
export class MotoServer {
  #process: ChildProcess | undefined
  endpoint = ''

  async start(): Promise<void> {
    const started = spawn(requiredTool('moto_server'), ['-H', '127.0.0.1', '-p', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' },
    })
    this.#process = started
    let said = ''
    this.endpoint = await new Promise((resolve, reject) => {
      const listen = (chunk: Buffer): void => {
        said += chunk.toString()
        const [endpoint] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? []
        if (endpoint) resolve(endpoint)
      }
      started.stdout.on('data', listen)
      started.stderr.on('data', listen)
      started.once('exit', (code) => reject(new Error(`moto_server ended with ${code}: ${said}`)))
    })
  }

  /** Of its process; 0 while there is none. */
  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Forgets all. */
  async reset(): Promise<void> {
    const { ok } = await fetch(`${this.endpoint}/moto-api/reset`, { method: 'POST' })
    if (!ok) throw new Error('moto did not forget.')
  }

  async stop(): Promise<void> {
    const running = this.#process
    if (running?.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill()
    await ended
  }
}

/** Any keys do: moto looks at none. */
export const motoOptions = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
} as const
