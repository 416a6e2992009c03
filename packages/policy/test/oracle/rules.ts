const misses = (where: string, types: readonly string[]): readonly string[] =>
  types.map((type) => `${where}: no ${type} policy allows`)

const limits = ['boundary', 'session']

const guards = ['resource', 'key', 'trust']

const abroad = (guard: string): readonly string[] => [
  `user abroad on ${guard}`,
  ...misses(`user abroad on ${guard}`, ['resource', 'identity', 'boundary']),
  `role-session abroad on ${guard}`,
  ...misses(`role-session abroad on ${guard}`, ['resource', 'identity', ...limits]),
  `root user abroad on ${guard}`,
  ...misses(`root user abroad on ${guard}`, ['resource']),
]

const atHome = (guard: string): readonly string[] => [
  `${guard}, named itself`,
  `${guard}, named by role`,
  ...misses(`${guard}, named by role`, limits),
  `${guard}, by account`,
  ...misses(`${guard}, by account`, ['identity', ...limits]),
  ...misses(guard, ['resource']),
  `root user at home on ${guard}`,
  ...misses(`root user at home on ${guard}`, ['resource']),
]

const ofNobodysAccount = (who: string): readonly string[] => [
  ...guards.flatMap((guard) => [`${who} on ${guard}`, ...misses(`${who} on ${guard}`, ['resource'])]),
  ...misses(`${who} on none`, ['resource']),
]

/** All rules by which the oracle decides, in the words that it tells them in. */
export const policyRules: readonly string[] = [
  ...['resource', 'identity', 'boundary', 'session'].map((type) => `deny in ${type}`),
  'NotPrincipal spares',
  'NotPrincipal denies',
  'home, by identity',
  ...misses('home, by identity', limits),
  ...misses('home', ['identity']),
  'home, named itself',
  'home, named by role',
  ...misses('home, named by role', limits),
  'root user at home on none',
  'root user at home on resource',
  ...atHome('key'),
  ...atHome('trust'),
  ...guards.flatMap(abroad),
  ...['user', 'role-session', 'root user'].flatMap((who) => misses(`${who} abroad on none`, ['resource'])),
  'granted itself',
  'granted by role',
  ...misses('granted by role', limits),
  'granted abroad',
  ...misses('granted abroad', limits),
  'root user at home on key by grant',
  'root user abroad on key by grant',
  'service on key by grant',
  ...ofNobodysAccount('service'),
  ...ofNobodysAccount('federated'),
]
