import type { RotateSecretRequest, RotateSecretResponse } from '@keyplane/aws'
import { SecretsError, toSecretsError, uuid } from '@keyplane/core'
import { aboutSecret } from '../about-secret.ts'
import type { Context } from '../context.ts'
import type { RotatingStore } from './rotating-store.ts'
import { rotatorName, rotatorNames } from './rotator-name.ts'

/** RotateSecret. @throws SecretsError what the store said, with the secret's name and what it was to be rotated by. */
export const askRotation = (
  { random }: Pick<Context, 'random'>,
  store: RotatingStore,
  request: Omit<RotateSecretRequest, 'ClientRequestToken'>,
): Promise<RotateSecretResponse> =>
  store
    .call('RotateSecret', { ...request, ClientRequestToken: uuid(random) })
    .catch((thrown: unknown) => {
      const { RotationLambdaARN: arn } = request
      const { code, message } = toSecretsError(thrown)
      if (message.includes("rotation isn't complete"))
        throw new SecretsError(code, 'A rotation before this one is not complete.', {
          reason: 'rotation_pending',
          cause: thrown,
        })
      if (message.includes('than when its rotation was set up'))
        throw new SecretsError(code, 'It names another "masterarn" or user than when its rotation was set up.', {
          reason: 'rotation_of_another',
          cause: thrown,
        })
      if (arn === undefined || !message.includes('cannot invoke')) throw thrown
      throw new SecretsError(
        'invalid_request',
        `The store can't rotate by ${JSON.stringify(rotatorName(arn))}: give ${rotatorNames.join(', ')}, or the ARN of a function that it reaches.`,
        { cause: thrown },
      )
    })
    .catch(aboutSecret(request.SecretId))
