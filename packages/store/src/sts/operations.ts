import { type Operation, operation } from '../operation.ts'
import { assumeRole, assumeRoleShape, authorizeAssumeRole } from './assume-role.ts'
import { assumeRoleWithWebIdentity, assumeRoleWithWebIdentityShape } from './assume-role-with-web-identity.ts'
import { getCallerIdentity } from './get-caller-identity.ts'

/** What needs no permission, or proves itself otherwise. */
const anybody = async (): Promise<void> => {}

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
      authorize: anybody,
    }),
  ],
  [
    'AssumeRole',
    operation({
      action: 'sts:AssumeRole',
      shape: assumeRoleShape,
      run: assumeRole,
      resource: ({ RoleArn }) => RoleArn,
      authorize: authorizeAssumeRole,
    }),
  ],
  [
    'AssumeRoleWithWebIdentity',
    {
      ...operation({
        action: 'sts:AssumeRoleWithWebIdentity',
        shape: assumeRoleWithWebIdentityShape,
        run: assumeRoleWithWebIdentity,
        resource: ({ RoleArn }) => RoleArn,
        authorize: anybody,
      }),
      unsigned: true,
    },
  ],
])
