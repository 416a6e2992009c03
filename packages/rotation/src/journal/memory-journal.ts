import type { Clock } from '@keyplane/core'
import { dueAtMs, isOpen, urgencyOf } from '../machine/rotation.ts'
import type { RotationJournal, RotationLease } from '../ports/journal.ts'
import { isAnothers } from './lease-time.ts'
import { parseRotation, rotationOf, rotationText } from './parse-rotation.ts'

interface Row {
  fence: number
  holder: string
  expiresAtMs: number
  revision: number
  record: string | undefined
}

/** A journal that ends with the process: for tests, and for trying a rotator out. */
export const memoryJournal = (clock: Clock): RotationJournal => {
  const rows = new Map<string, Row>()
  const held = ({ secretId, holder, fence }: RotationLease): Row | undefined => {
    const row = rows.get(secretId)
    return row?.holder === holder && row.fence === fence ? row : undefined
  }
  return {
    load: async (secretId) => {
      const row = rows.get(secretId)
      if (row?.record === undefined) return undefined
      return { rotation: rotationOf(secretId, row.record), revision: row.revision }
    },
    lease: async (secretId, holder, ttlMs) => {
      const row = rows.get(secretId)
      const nowMs = clock.nowMs()
      if (row && isAnothers(row, holder, nowMs)) return undefined
      const fence = (row?.fence ?? 0) + 1
      const expiresAtMs = nowMs + ttlMs
      rows.set(secretId, { record: row?.record, revision: row?.revision ?? 0, fence, holder, expiresAtMs })
      return { secretId, holder, fence, expiresAtMs }
    },
    renew: async (lease, ttlMs) => {
      const row = held(lease)
      if (!row) return undefined
      row.expiresAtMs = clock.nowMs() + ttlMs
      return { ...lease, expiresAtMs: row.expiresAtMs }
    },
    release: async (lease) => {
      const row = held(lease)
      if (row) row.holder = ''
    },
    write: async (lease, { rotation, over }) => {
      const row = held(lease)
      if (!row || row.revision !== over) return undefined
      row.record = rotationText(rotation)
      row.revision += 1
      return row.revision
    },
    due: async (atMs, limit) =>
      [...rows]
        .flatMap(([secretId, { record }]) =>
          record === undefined ? [] : [{ secretId, rotation: parseRotation(record) }],
        )
        .filter(({ rotation }) => isOpen(rotation) && dueAtMs(rotation) <= atMs)
        .sort(({ rotation: a }, { rotation: b }) => urgencyOf(b) - urgencyOf(a) || dueAtMs(a) - dueAtMs(b))
        .slice(0, limit)
        .map(({ secretId }) => secretId),
  }
}
