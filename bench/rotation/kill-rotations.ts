import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { FileVersions } from '../../test/real/rotation/file-versions.ts'
import { journalFile } from '../../test/real/rotation/journal-file.ts'
import { type Kind, makeUser, type RotatedServer, superuserOf } from '../../test/real/rotation/rotated-user.ts'
import { journalPathOf, versionsOf, writeBatch } from './batch.ts'
import { BatchProcess, startProcess } from './batch-process.ts'
import { type Place, placesFor } from './places.ts'
import type { Readings } from './read-batch.ts'
import { isLeft, isSound } from './sound.ts'

/** What came of rotations that were killed. */
export interface KillFindings extends Readings {
  /** Processes that were killed. */
  readonly kills: number
  /** Rotations that died with them at the places. */
  readonly runs: number
  /** How often each place's rotation died there, each time with another process: at the place with the fewest. */
  readonly fewest: number
  readonly unfinished: number
  readonly unsound: number
  /** Old credentials that the target accepted after they were retired, where it accepts old and new side by side. */
  readonly left: number
  readonly longestResumeMs: number
  readonly seconds: number
}

const reader = fileURLToPath(new URL('./read-batch.ts', import.meta.url))

interface Heard {
  readonly secretId: string
  readonly atMs: number
}

interface Secret {
  readonly secretId: string
  readonly versions: FileVersions
  current: string
}

/** As many secrets as there are places: a process that is killed has a rotation at each place that has not seen enough. */
class KilledBatch {
  readonly folder: string = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kill-rotations-'))
  readonly found = { kills: 0, runs: 0, unfinished: 0, unsound: 0, left: 0, longestResumeMs: 0 }
  readonly #kind: Kind
  readonly #places: readonly Place[]
  readonly #secrets: Secret[] = []
  readonly #hits = new Map<Place, number>()
  /** How long a place's step lasts, to kill in its middle: as it is measured. */
  readonly #spansMs = new Map<Place, number>()
  /** How much later than here the process begins to wait, so that one let go in time is killed after it: as it is seen. */
  #lagMs = 1
  #killedMs: number | undefined

  constructor(kind: Kind) {
    this.#kind = kind
    this.#places = placesFor(kind)
  }

  get fewest(): number {
    return Math.min(...this.#places.map((place) => this.#hits.get(place) ?? 0))
  }

  async prepare(server: RotatedServer): Promise<void> {
    const prefix = this.#kind.replaceAll(/\W/g, '')
    for (let index = 0; index < this.#places.length; index += 1) {
      const secretId = `${prefix}${index}`
      const versions = versionsOf(this.folder, secretId)
      versions.first({ versionId: 'v0', value: await makeUser(server, secretId) })
      this.#secrets.push({ secretId, versions, current: 'v0' })
    }
    const secretIds = this.#secrets.map(({ secretId }) => secretId)
    writeBatch(this.folder, { kind: this.#kind, secretIds, admin: String(superuserOf(server).reveal()) })
    await (await journalFile(journalPathOf(this.folder))).close()
  }

  /** Brings rotations to each place that has not seen so many kills, of other secrets each time, and kills their process. */
  async kill(runs: number): Promise<void> {
    const wanted = this.#places.filter((place) => (this.#hits.get(place) ?? 0) < runs)
    const at = new Map(this.#spread(wanted).map((place, index) => [this.#secretAt(index).secretId, place] as const))
    const running = await this.#resume(at)
    running.tell('begin')
    const held = await running.hear('held', at.size)
    if (held.length === 0) throw new Error('No rotation came to its place.')
    const inMiddle = held.flatMap(({ secretId }) => (at.get(secretId)?.when === 'middle' ? [secretId] : []))
    if (inMiddle.length > 0) await this.#letGo(running, inMiddle, at)
    this.#killedMs = performance.now()
    await running.kill()
    this.found.kills += 1
    await this.#count(running, held, at)
  }

  /** Notes where rotations died; those that were let go too late, or went on before, are no hits. */
  async #count(running: BatchProcess, held: readonly Heard[], at: ReadonlyMap<string, Place>): Promise<void> {
    // Of several steps that it went on by the first one counts.
    const momentsOf = (heard: readonly Heard[]) =>
      new Map(heard.toReversed().map(({ secretId, atMs }) => [secretId, atMs]))
    const letGo = momentsOf(await running.hear('let go', 0))
    const wentOn = momentsOf(await running.hear('went on', 0))
    const died = new Set<Place>()
    for (const { secretId } of held) {
      const [place, fromMs, untilMs] = [at.get(secretId), letGo.get(secretId), wentOn.get(secretId)]
      if (place?.when === 'middle') this.#learn(place, fromMs, untilMs)
      if (!place || untilMs !== undefined || (place.when === 'middle' && fromMs === undefined)) continue
      died.add(place)
      this.found.runs += 1
    }
    for (const place of died) this.#hits.set(place, (this.#hits.get(place) ?? 0) + 1)
  }

  /** Lets what was killed last come to its end. */
  async finish(): Promise<void> {
    await (await this.#resume(new Map())).kill()
    for (const { versions } of this.#secrets) versions.close()
  }

  /** Up to three rotations at each place where there are secrets enough: one at least is to die in the middle of its step. */
  #spread(wanted: readonly Place[]): readonly Place[] {
    return [...wanted, ...wanted, ...wanted].slice(0, Math.max(wanted.length, this.#secrets.length))
  }

  #secretAt(index: number): Secret {
    const secret = this.#secrets[(index + this.found.kills) % this.#secrets.length]
    if (!secret) throw new Error('There are no secrets.')
    return secret
  }

  #spanMs(place: Place | undefined): number {
    return (place && this.#spansMs.get(place)) ?? 30
  }

  #learn(place: Place, fromMs: number | undefined, untilMs: number | undefined): void {
    this.#lagMs = Math.max(0, this.#lagMs + (fromMs === undefined ? 1 : -0.1))
    if (fromMs === undefined) return
    this.#spansMs.set(place, untilMs === undefined ? Math.min(this.#spanMs(place) * 1.1, 500) : untilMs - fromMs)
  }

  /** Each goes on so much before the moment of death that this may be anywhere in its step. */
  async #letGo(running: BatchProcess, secretIds: readonly string[], at: ReadonlyMap<string, Place>): Promise<void> {
    const longestMs = Math.max(...secretIds.map((secretId) => this.#spanMs(at.get(secretId))))
    const delays = secretIds.map(
      (secretId) => [secretId, longestMs - Math.random() * this.#spanMs(at.get(secretId))] as const,
    )
    running.tell({ delaysMs: Object.fromEntries(delays) })
    await wait(longestMs + this.#lagMs)
  }

  /** A process that has brought all rotations to their end. */
  async #resume(at: ReadonlyMap<string, Place>): Promise<BatchProcess> {
    const running = new BatchProcess(this.folder, at)
    const ended = await running.hear('ended', this.#secrets.length)
    this.found.unfinished += this.#secrets.length - ended.length
    for (const { secretId, state, version, atMs } of ended) {
      if (this.#killedMs !== undefined)
        this.found.longestResumeMs = Math.max(this.found.longestResumeMs, atMs - this.#killedMs)
      const secret = this.#secrets.find((one) => one.secretId === secretId)
      if (!secret) continue
      if (state === 'finished') secret.current = version
      if (state === 'failed' || !(await isSound(secret.versions, secret.current))) this.found.unsound += 1
      if (this.#kind === 'a user with two passwords' && (await isLeft(secret.versions))) this.found.left += 1
    }
    return running
  }
}

/**
 * Kills processes until one died at every place so often, each with a rotation at every place that still counts, while a reader of its own
 * logs in all the time.
 */
export const killRotations = async (server: RotatedServer, kind: Kind, runs: number): Promise<KillFindings> => {
  const startedMs = performance.now()
  const batch = new KilledBatch(kind)
  await batch.prepare(server)
  const reading = startProcess(reader, [batch.folder], batch.folder)
  const readings = new Promise<Readings>((resolve, reject) => {
    reading.once('message', resolve)
    reading.once('exit', (code) => reject(new Error(`The reader ended with ${code}.`)))
  })
  // It may fail long before it is waited for.
  readings.catch(() => undefined)
  try {
    while (batch.fewest < runs) {
      await batch.kill(runs)
      const { fewest, found } = batch
      if (found.kills % 10 === 0) process.stderr.write(`${kind}: ${JSON.stringify({ fewest, ...found })}\n`)
    }
    await batch.finish()
    if (reading.connected) reading.send('how was it')
    const { fewest, found } = batch
    return { ...found, fewest, ...(await readings), seconds: (performance.now() - startedMs) / 1_000 }
  } finally {
    reading.kill()
    rmSync(batch.folder, { recursive: true })
  }
}
