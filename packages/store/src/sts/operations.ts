import { type Operation, operation } from '../operation.ts'
import { getCallerIdentity } from './get-caller-identity.ts'

/** The operations of STS, by name. */
export const stsOperations: ReadonlyMap<string, Operation> = new Map([
  [
    'GetCallerIdentity',
    operation({
      action: 'sts:GetCallerIdentity',
      shape: {},
      run: getCallerIdentity,
      resource: () => undefined,
      // AWS: needs no permission, and none can be taken away.
      authorize: async () => {},
    }),
  ],
])
