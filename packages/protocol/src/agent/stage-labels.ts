import type { Stage } from '@keyplane/core'

const labels = { current: 'AWSCURRENT', previous: 'AWSPREVIOUS', pending: 'AWSPENDING' } as const

/** A stage as the agent's wire spells it: AWS's labels. */
export const stageLabel = (stage: Stage): string =>
  stage === 'current' || stage === 'previous' || stage === 'pending' ? labels[stage] : stage.slice('label:'.length)

/** A label of the agent's wire as a stage. */
export const labelledStage = (label: string): Stage => {
  for (const stage of ['current', 'previous', 'pending'] as const) if (labels[stage] === label) return stage
  return `label:${label}`
}
