import type { Consumer } from '@keyplane/core'
import type { Alert, AlertKind, Rotation } from './rotation.ts'

/** A step succeeded: the failures before it are over, and an alert that told of them with them. */
export const calm = (rotation: Rotation): Rotation => {
  const { retry: _, alert, ...calmed } = rotation
  return { ...calmed, ...(alert && !(alert.kind === 'failing' && alert.told) && { alert }) } as Rotation
}

/** One alert an episode: what was told already is not told again. */
export const raised = (
  { alert }: { readonly alert?: Alert },
  kind: AlertKind,
  raisedAtMs: number,
  laggards?: readonly Consumer[],
): { readonly alert: Alert } => ({
  alert: alert?.kind === kind ? alert : { kind, raisedAtMs, told: false, ...(laggards && { laggards }) },
})
