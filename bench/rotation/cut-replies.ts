import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock, systemRandom } from '@keyplane/core'
import { type EndedRotation, type RotationEngine, type RotationNotice, rotationEngine } from '@keyplane/rotation'
import { memoryJournal } from '@keyplane/rotation/testing'
import { CuttingProxy } from '../../test/real/postgres/cutting-proxy.ts'
import type { ScratchServer } from '../../test/real/postgres/scratch-server.ts'
import { FileVersions } from '../../test/real/rotation/file-versions.ts'
import { type Kind, kinds, makeUser, superuserOf } from '../../test/real/rotation/rotated-user.ts'
import { logInDuring } from '../../test/real/rotation/stored-logins.ts'
import { refuseWhenCurrent } from './refuse-when-current.ts'
import { isSound } from './sound.ts'

/** What came of rotations whose target did what it was asked, and could not say so. */
export interface CutFindings {
  /** Replies that were cut. */
  readonly cuts: number
  readonly unfinished: number
  readonly unsound: number
  readonly logins: number
  /** Moments in which no stored credential was accepted. */
  readonly none: number
}

const secretId = 'prod/db'
const unlessLaterThanMs = 30_000

const ended = async (engine: RotationEngine): Promise<EndedRotation | undefined> => {
  for (const startedMs = performance.now(); performance.now() - startedMs < unlessLaterThanMs; await wait(10)) {
    const advance = await engine.advance(secretId)
    if (advance.status === 'ended') return advance.rotation as EndedRotation
  }
  return undefined
}

export interface CutRuns {
  readonly kind: Kind
  /** The reply to what takes the new credential back is cut, and not to what sets it. */
  readonly isTakenBack: boolean
  readonly runs: number
}

/** An engine whose rotator reaches its target by a proxy, which cuts one reply of each rotation. */
const cutEngine = (
  server: ScratchServer,
  proxy: CuttingProxy,
  parts: CutRuns & { port: number; versions: FileVersions },
) => {
  const { kind, isTakenBack, port, versions } = parts
  const rotator = kinds[kind]({ admin: superuserOf(server, port), timeoutMs: 5_000 })
  const hearToRefuse = isTakenBack ? refuseWhenCurrent(rotator) : undefined
  // A user who takes his own password back commits once before, to wait for whoever else is at it.
  const passes = isTakenBack && kind === 'one user' ? 1 : 0
  const step = (notice: RotationNotice): void => {
    hearToRefuse?.(notice)
    if (notice.outcome !== 'failed' && notice.effect === (isTakenBack ? 'verify' : 'create'))
      proxy.cut = { text: 'commit', when: 'after', passes }
  }
  const engine = rotationEngine({
    journal: memoryJournal(systemClock),
    versions,
    rotators: [rotator],
    clock: systemClock,
    random: systemRandom,
    policy: { retryBaseMs: 10, breakerOpenMs: 50 },
    observer: { step },
  })
  return { engine, begin: () => engine.begin({ secretId, rotator: rotator.name }) }
}

/** Cuts the reply to a commit in each of so many rotations, while a reader logs in all the time. */
export const cutReplies = async (server: ScratchServer, parts: CutRuns): Promise<CutFindings> => {
  const folder = mkdtempSync(join(tmpdir(), 'cut-replies-'))
  const versions = new FileVersions(join(folder, 'versions.db'))
  const proxy = new CuttingProxy(server.port)
  const port = await proxy.listen()
  const user = `cut_${parts.kind.replaceAll(/\W/g, '')}_${parts.isTakenBack ? 'back' : 'forward'}`
  versions.first({ versionId: 'v0', value: await makeUser(server, user, port) })
  const { engine, begin } = cutEngine(server, proxy, { ...parts, port, versions })
  const found = { unfinished: 0, unsound: 0 }
  const rotate = async (): Promise<void> => {
    for (let run = 0, current = 'v0'; run < parts.runs; run += 1) {
      await begin()
      const rotation = await ended(engine)
      if (!rotation) found.unfinished += 1
      if (rotation?.state === 'finished') current = rotation.pendingVersion
      if (!(await isSound(versions, current))) found.unsound += 1
    }
  }
  try {
    const { logins, refused } = await logInDuring(versions, ['current', 'pending', 'previous'], rotate)
    return { ...found, cuts: proxy.cuts, logins, none: refused }
  } finally {
    proxy.close()
    versions.close()
    rmSync(folder, { recursive: true })
  }
}
