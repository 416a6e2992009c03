import type { Writer } from '@keyplane/database'
import { type FencedWrite, leaseLost } from '@keyplane/rotation'
import type { SecretRotationsTable } from '../storage/secret-rotations-table.ts'

/**
 * The writer of somebody who has the lease on a secret: what he changes after another one took it is not written, however
 * late it comes.
 * @throws SecretsError `conflict` (`lease_lost`) from its `write` then.
 */
export const fencedWriter = (
  writer: Writer,
  rotations: Pick<SecretRotationsTable, 'fenceOf' | 'requireFence'>,
  write: FencedWrite,
): Writer => ({
  get alive() {
    return writer.alive
  },
  write: async ({ statements, audit }) => {
    if (statements.length === 0) return writer.write({ statements, audit })
    const outcome = await writer.write({ statements: [rotations.requireFence(write), ...statements], audit })
    if (outcome === 'conflict' && (await rotations.fenceOf(write.secretId)) !== write.fence) throw leaseLost()
    return outcome
  },
  close: () => writer.close(),
})
