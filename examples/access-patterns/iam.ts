import type { JsonWebKey } from 'node:crypto'

export const account = '111111111111'
export const roleArn = (name: string): string => `arn:aws:iam::${account}:role/${name}`

/** What a platform (EC2, Lambda, ECS) does for its workloads: it assumes their role, and hands them the keys. */
export const platform = { accessKeyId: 'AKIAPLATFORM00000001', secretAccessKey: 'platform-secret-access-key' }
/** An application on a machine of one's own. */
export const application = { accessKeyId: 'AKIAAPPLICATION00001', secretAccessKey: 'application-secret-access-key' }
export const operator = { accessKeyId: 'AKIAOPERATOR00000001', secretAccessKey: 'operator-secret-access-key' }

export const issuer = 'https://oidc.example.com/cluster'

const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement })
const allow = (Action: string, more: object) => ({ Effect: 'Allow', Action, ...more })
const user = (name: string) => ({ AWS: `arn:aws:iam::${account}:user/${name}` })

const trusts = {
  platform: policy(allow('sts:AssumeRole', { Principal: user('platform') })),
  application: policy(allow('sts:AssumeRole', { Principal: user('application') })),
  pod: policy(
    allow('sts:AssumeRoleWithWebIdentity', {
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/oidc.example.com/cluster` },
      Condition: { StringEquals: { 'oidc.example.com/cluster:sub': 'system:serviceaccount:shop:api' } },
    }),
  ),
}

/** A role for each kind of workload, twice: one that may read the secret, and one that may not. */
export const iamFile = (podKey: JsonWebKey): string => {
  const roles = Object.entries(trusts).flatMap(([name, trustPolicy]) => [
    { name: `${name}-reader`, trustPolicy, policies: ['ReadShop'] },
    { name: `${name}-nothing`, trustPolicy, policies: [] },
  ])
  return JSON.stringify({
    account,
    users: [
      { name: 'operator', accessKeys: [operator], policies: ['AdministratorAccess'] },
      { name: 'platform', accessKeys: [platform], policies: [] },
      { name: 'application', accessKeys: [application], policies: [] },
    ],
    roles,
    policies: {
      ReadShop: policy(
        allow('secretsmanager:GetSecretValue', { Resource: 'arn:aws:secretsmanager:*:*:secret:shop/*' }),
      ),
    },
    identityProviders: [{ url: issuer, audiences: ['sts.amazonaws.com'], keys: { keys: [podKey] } }],
  })
}
