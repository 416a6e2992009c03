/** Refusals that many operations have, in AWS's words. */
export const notFound = "ResourceNotFoundException: Secrets Manager can't find the specified secret."
export const marked =
  "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."
/** Of a secret that no function rotates. */
export const noFunction = 'InvalidRequestException: No Lambda rotation function ARN is associated with this secret.'
