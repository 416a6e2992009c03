import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ScratchServer } from '../../test/real/postgres/scratch-server.ts'
import type { FileVersions } from '../../test/real/rotation/file-versions.ts'
import { type Kind, makeUser, superuserOf } from '../../test/real/rotation/rotated-user.ts'
import { versionsOf, writeBatch } from './batch.ts'
import { BatchProcess, startProcess } from './batch-process.ts'
import { nameOf, type Place, places } from './places.ts'
import type { Readings } from './read-batch.ts'
import { isSound } from './sound.ts'

/** What came of rotations that were killed. */
export interface KillFindings extends Readings {
  readonly runs: number
  readonly unfinished: number
  readonly unsound: number
  readonly longestResumeMs: number
  readonly seconds: number
}

/** Rotations that one process does at once, and that die with it. */
export const batchSize = 20
const reader = fileURLToPath(new URL('./read-batch.ts', import.meta.url))

interface Secret {
  readonly secretId: string
  readonly versions: FileVersions
  current: string
}

class KilledBatch {
  readonly folder: string = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kill-rotations-'))
  readonly found = { runs: 0, unfinished: 0, unsound: 0, longestResumeMs: 0 }
  readonly #secrets: Secret[] = []
  #killedMs: number | undefined

  async prepare(server: ScratchServer, kind: Kind): Promise<void> {
    const prefix = kind.replaceAll(/\W/g, '')
    for (let index = 0; index < batchSize; index += 1) {
      const secretId = `${prefix}${index}`
      const versions = versionsOf(this.folder, secretId)
      versions.first({ versionId: 'v0', value: await makeUser(server, secretId) })
      this.#secrets.push({ secretId, versions, current: 'v0' })
    }
    const secretIds = this.#secrets.map(({ secretId }) => secretId)
    writeBatch(this.folder, { kind, secretIds, admin: String(superuserOf(server).reveal()) })
  }

  /** Kills at one place until that many rotations were killed there. */
  async killAt(place: Place, runs: number): Promise<void> {
    // How long the step lasts, to kill in its middle: as it is measured.
    let spanMs = 50
    for (let hits = 0; hits < runs; ) {
      const running = await this.#resume(place)
      running.tell('begin')
      const held = await running.hear('held', batchSize)
      if (held.length === 0) throw new Error(`No rotation came to the place ${nameOf(place)}.`)
      const startedMs = performance.now()
      if (place.when === 'middle') {
        running.tell('go on')
        await wait(Math.random() * spanMs)
      }
      this.#killedMs = performance.now()
      await running.kill()
      const wentOn = await running.hear('went on', 0)
      spanMs = wentOn.length === 0 ? spanMs * 1.5 : Math.max(...wentOn.map(({ atMs }) => atMs - startedMs))
      hits += held.length - wentOn.length
      this.found.runs += held.length
    }
  }

  /** Lets what was killed last come to its end. */
  async finish(): Promise<void> {
    const [place] = places
    if (place) await (await this.#resume(place)).kill()
    for (const { versions } of this.#secrets) versions.close()
  }

  /** A process that has brought all rotations to their end. */
  async #resume(place: Place): Promise<BatchProcess> {
    const running = new BatchProcess(this.folder, place)
    const ended = await running.hear('ended', batchSize)
    this.found.unfinished += batchSize - ended.length
    for (const { secretId, state, version, atMs } of ended) {
      if (this.#killedMs !== undefined)
        this.found.longestResumeMs = Math.max(this.found.longestResumeMs, atMs - this.#killedMs)
      const secret = this.#secrets.find((one) => one.secretId === secretId)
      if (!secret) continue
      if (state === 'finished') secret.current = version
      if (state === 'failed' || !(await isSound(secret.versions, secret.current))) this.found.unsound += 1
    }
    return running
  }
}

/** Kills the rotations of some users at every place so often, while a reader of its own logs in all the time. */
export const killRotations = async (server: ScratchServer, kind: Kind, runs: number): Promise<KillFindings> => {
  const startedMs = performance.now()
  const batch = new KilledBatch()
  await batch.prepare(server, kind)
  const reading = startProcess(reader, [batch.folder], batch.folder)
  const readings = new Promise<Readings>((resolve, reject) => {
    reading.once('message', resolve)
    reading.once('exit', (code) => reject(new Error(`The reader ended with ${code}.`)))
  })
  // It may fail long before it is waited for.
  readings.catch(() => undefined)
  try {
    for (const place of places) {
      await batch.killAt(place, runs)
      process.stderr.write(`${kind}, ${nameOf(place)}: ${JSON.stringify(batch.found)}\n`)
    }
    await batch.finish()
    if (reading.connected) reading.send('how was it')
    return { ...batch.found, ...(await readings), seconds: (performance.now() - startedMs) / 1_000 }
  } finally {
    reading.kill()
    rmSync(batch.folder, { recursive: true })
  }
}
