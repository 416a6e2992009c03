import { type Iam, parseIam } from '@keyplane/store'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { account, developer, other, otherAccount } from './step.ts'

const issuer = 'https://oidc.example.com/cluster/1'
const audience = 'sts.amazonaws.com'
const allow = (Action: string, more: object) => ({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action, ...more },
})
const reads = allow('secretsmanager:GetSecretValue', { Resource: '*' })

/** Who calls in the scenario: a developer, somebody of another account, roles for a session and for a pod. */
export const callersOfScenario = async (): Promise<{ readonly iam: Iam; readonly webIdentityToken: string }> => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const policies = ['AdministratorAccess']
  const roles = [
    {
      name: 'reader',
      policies: [reads],
      trustPolicy: allow('sts:AssumeRole', { Principal: { AWS: account } }),
    },
    {
      name: 'pod',
      policies: [reads],
      trustPolicy: allow('sts:AssumeRoleWithWebIdentity', {
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/oidc.example.com/cluster/1` },
      }),
    },
  ]
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] }
  const iam = parseIam(
    JSON.stringify({
      accounts: {
        [account]: {
          users: [{ name: 'developer', accessKeys: [developer], policies }],
          roles,
          identityProviders: [{ url: issuer, audiences: [audience], keys }],
        },
        [otherAccount]: { users: [{ name: 'other', accessKeys: [other], policies }] },
      },
    }),
  )
  const webIdentityToken = await new SignJWT({ sub: 'system:serviceaccount:shop:api' })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  return { iam, webIdentityToken }
}
