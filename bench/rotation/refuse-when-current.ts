import type { RotationNotice, Rotator } from '@keyplane/rotation'

/** Makes a rotator say no to every credential that has become current, so that it is taken back; it has to hear of each step. */
export const refuseWhenCurrent = (rotator: Rotator): ((notice: RotationNotice) => void) => {
  const promoted = new Set<string>()
  const test = rotator.test.bind(rotator)
  rotator.test = async (call, value) => (promoted.has(call.secretId) ? 'refused' : test(call, value))
  return ({ secretId, to }) => {
    if (to === 'promoted') promoted.add(secretId)
    else promoted.delete(secretId)
  }
}
