import { SecretsError } from '@keyplane/core'
import type { RotationEnd } from './rotation-watch.ts'

/** A rotation that ended otherwise than it was asked for, as the failure of the command: why, and by `hintFor` what to do. */
export const rotationEndFailure = (name: string, { state, because = '', byFunction }: RotationEnd): SecretsError => {
  const failed = state === 'failed'
  const why = failed
    ? 'no stored credential is accepted by the target, and its rotator cannot repair that'
    : causes[because]
  const what = failed ? 'failed' : byFunction ? 'was ended' : 'was taken back'
  return new SecretsError('conflict', `The rotation of ${JSON.stringify(name)} ${what}${why ? `: ${why}` : ''}.`, {
    reason: failed ? 'rotation_failed' : byFunction ? 'rotation_ended_early' : 'rotation_rolled_back',
  })
}

/** By the step after which it was taken back. */
const causes: Readonly<Record<string, string>> = {
  set: 'the target refused the new credential',
  test: 'the target did not accept the new credential',
  promote: 'somebody put another value there meanwhile',
  verify: 'the target did not accept what readers get',
  request: 'somebody asked for that',
}
