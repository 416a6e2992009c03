import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AwsCredentials, SigningKeyCache, signRequest } from '@keyplane/aws'
import { MotoServer } from '../../test/real/aws-sources/moto-server.ts'
import { BaoCluster } from '../../test/real/openbao/bao-cluster.ts'
import { startOwnStore } from '../own-store.ts'
import type { WireRequest } from './connection.ts'

/** A store under load. */
export interface SecretStore {
  readonly name: 'keyplane' | 'moto' | 'openbao'
  readonly port: number
  readonly pid: number
  /** A request that makes a secret with a value. */
  create(name: string, value: string): WireRequest
  get(name: string): WireRequest
  /** A request that writes a new value. */
  put(name: string, value: string): WireRequest
  stop(): Promise<void>
}

interface AwsTarget {
  readonly port: number
  readonly credentials: AwsCredentials
}

/** Requests as AWS's clients send them: each one signed anew. */
export const awsRequests = ({ port, credentials }: AwsTarget) => {
  const signingKeys = new SigningKeyCache()
  const call = (operation: string, input: object): WireRequest => {
    const body = JSON.stringify(input)
    const headers = {
      host: `127.0.0.1:${port}`,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `secretsmanager.${operation}`,
    }
    const signed = signRequest({
      method: 'POST',
      target: '/',
      headers,
      body,
      credentials,
      region: 'us-east-1',
      service: 'secretsmanager',
      atMs: Date.now(),
      signingKeys,
    })
    return { method: 'POST', target: '/', headers: { ...headers, ...signed }, body }
  }
  return {
    call,
    create: (Name: string, SecretString: string) =>
      call('CreateSecret', { Name, SecretString, ClientRequestToken: crypto.randomUUID() }),
    get: (SecretId: string) => call('GetSecretValue', { SecretId }),
    put: (SecretId: string, SecretString: string) =>
      call('PutSecretValue', { SecretId, SecretString, ClientRequestToken: crypto.randomUUID() }),
  }
}

/** Keyplane's own store in a process of its own, with signatures, policies, KMS and audit as it is delivered. */
export const startKeyplane = async (): Promise<
  SecretStore & { readonly call: ReturnType<typeof awsRequests>['call'] }
> => {
  const { port, pid, data, stop } = await startOwnStore()
  const iam = JSON.parse(readFileSync(join(data, 'iam.json'), 'utf8')) as { users: { accessKeys: AwsCredentials[] }[] }
  const credentials = iam.users[0]?.accessKeys[0] as AwsCredentials
  return { name: 'keyplane', port, pid, ...awsRequests({ port, credentials }), stop }
}

/** moto's server: in memory, without signatures, policies, encryption or audit. */
export const startMoto = async (): Promise<SecretStore> => {
  const moto = new MotoServer()
  await moto.start()
  const port = Number(new URL(moto.endpoint).port)
  const credentials = { accessKeyId: 'AKIABENCHBENCHBENCHA', secretAccessKey: 'bench' }
  return { name: 'moto', port, pid: moto.pid, ...awsRequests({ port, credentials }), stop: () => moto.stop() }
}

/** OpenBao's KV of version 2 on one node with raft on disk, its audit file on. */
export const startOpenBao = async (): Promise<SecretStore> => {
  const bao = await new BaoCluster(1).start()
  const [node] = bao.nodes
  const port = node?.port ?? 0
  const headers = { host: `127.0.0.1:${port}`, 'x-vault-token': bao.rootToken, 'content-type': 'application/json' }
  const put = (name: string, value: string): WireRequest => ({
    method: 'POST',
    target: `/v1/secret/data/${name}`,
    headers,
    body: JSON.stringify({ data: { value } }),
  })
  return {
    name: 'openbao',
    port,
    pid: node?.process?.pid ?? 0,
    create: put,
    get: (name) => ({ method: 'GET', target: `/v1/secret/data/${name}`, headers, body: '' }),
    put,
    stop: () => bao.remove(),
  }
}
