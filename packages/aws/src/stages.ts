import type { Stage } from '@keyplane/core'

/** A staging label of AWS as a `Stage`. Every other label, `current` in lower case included, becomes `label:…`. */
export const stageOfLabel = (label: string): Stage => {
  if (label === 'AWSCURRENT') return 'current'
  if (label === 'AWSPREVIOUS') return 'previous'
  if (label === 'AWSPENDING') return 'pending'
  return `label:${label}`
}

/** A `Stage` as AWS spells it. */
export const labelOfStage = (stage: Stage): string => {
  if (stage === 'current') return 'AWSCURRENT'
  if (stage === 'previous') return 'AWSPREVIOUS'
  if (stage === 'pending') return 'AWSPENDING'
  return stage.slice('label:'.length)
}
