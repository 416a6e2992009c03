import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkStorm } from '../../packages/store/test/check-storm.ts'
import { engine } from '../../packages/store/test/test-database.ts'
import { formArguments } from '../built.ts'

/** What a storm of kills left behind. */
export interface KillStormFindings {
  readonly engine: string
  readonly kills: number
  readonly acknowledged: number
  readonly lost: number
  readonly broken: number
  /** Looks at which SQLite's integrity check or an audit chain did not hold. */
  readonly unsound: number
  readonly seconds: number
}

const program = fileURLToPath(new URL('../../packages/store/test/write-storm.ts', import.meta.url))
const below = (bound: number): number => Math.floor(Math.random() * bound)

/** Lets one store write until it has acknowledged so many writes, or a moment is over, and kills it. */
const stormUntilKilled = (
  folder: string,
  { acknowledgements, threads }: { readonly acknowledgements: number; readonly threads: number },
): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(
      process.execPath,
      [...formArguments, '--disable-warning=ExperimentalWarning', program, folder, String(threads)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let printed = ''
    let complaints = ''
    // Every tenth is killed before it is ready: the recovery of what the last kill left is killed too.
    const early = below(10) === 0 ? setTimeout(() => child.kill('SIGKILL'), 50 + below(500)) : undefined
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.split('\n').length > acknowledgements) child.kill('SIGKILL')
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      complaints += chunk.toString()
    })
    child.on('close', (_, signal) => {
      clearTimeout(early)
      if (signal === 'SIGKILL') resolve(printed.split('\n').slice(0, -1))
      else reject(new Error(complaints))
    })
  })

/** A look at all that one folder's storm has acknowledged; then the next begins in a folder of its own. */
const killsPerFolder = 50

const storms = async (wanted: number): Promise<KillStormFindings> => {
  const startedMs = performance.now()
  const found = { kills: 0, acknowledged: 0, lost: 0, broken: 0, unsound: 0 }
  while (found.kills < wanted) {
    const folder = mkdtempSync(join(tmpdir(), 'kills-'))
    const acknowledged: string[] = []
    for (let kill = 0; kill < killsPerFolder && found.kills < wanted; kill += 1) {
      // Every other one answers by threads of its own.
      const threads = kill % 2 === 0 ? 0 : 2
      acknowledged.push(...(await stormUntilKilled(folder, { acknowledgements: 1 + below(30), threads })))
      found.kills += 1
    }
    const { lost, broken, integrity, auditHolds } = await checkStorm(folder, acknowledged)
    found.acknowledged += acknowledged.length
    found.lost += lost.length
    found.broken += broken.length
    if (integrity !== 'ok' || !auditHolds) found.unsound += 1
    rmSync(folder, { recursive: true })
    process.stderr.write(`${engine}: ${found.kills} kills, ${found.acknowledged} acknowledged, ${found.lost} lost\n`)
  }
  return { engine, ...found, seconds: (performance.now() - startedMs) / 1_000 }
}

console.log(JSON.stringify(await storms(Number(process.argv[2] ?? 1_000))))
