import type { BaoServer } from '../../test/real/openbao/bao-server.ts'

/** An environment whose source is this OpenBao, for a service of a bench. */
export const baoEnvironment = (bao: BaoServer, more: object = {}): object => ({
  source: 'openbao',
  variables: { KEYPLANE_OPENBAO_ADDR: bao.endpoint, KEYPLANE_OPENBAO_TOKEN: bao.rootToken },
  cache: 'local',
  ...more,
})
