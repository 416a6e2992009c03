import { type Body, type TestStore } from './test-store.ts'

const developer = 'arn:aws:iam::000000000000:user/developer'
const completed = (statement: Body): Body => ({
  Effect: 'Allow',
  Principal: { AWS: developer },
  Action: 'secretsmanager:GetSecretValue',
  Resource: '*',
  ...statement,
})

/** A resource policy that lets the developer read, but for what its statements say otherwise. */
export const policy = (...statements: Body[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map(completed) })

export const plain: string = policy({})
export const everybody: string = policy({ Principal: '*' })
export const lockOut: string = policy({ Effect: 'Deny', Principal: '*', Action: 'secretsmanager:*' })

/** Makes secrets, each with another name, and gives that. */
export const policySecrets = (store: TestStore): (() => Promise<string>) => {
  let made = 0
  return async () => {
    made += 1
    await store.ok('CreateSecret', { Name: `policies/${made}`, SecretString: 'v' })
    return `policies/${made}`
  }
}
