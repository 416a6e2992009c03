/** Mutants that decide as the package does, by why they do. */
const reasons: readonly (readonly [because: string, mutants: readonly string[]])[] = [
  [
    'Own policies are asked only whether they allow at all, and a Deny only whether it concerns the caller.',
    [
      "verdict.ts: if (principals === undefined) return «'direct' → 'account'»",
      "verdict.ts: if (principals === undefined) return «'direct' → 'role'»",
      "verdict.ts: return principals.namesAllOf(request.principal) && !bounded ? 'none' : «'direct' → 'account'»",
      "verdict.ts: return principals.namesAllOf(request.principal) && !bounded ? 'none' : «'direct' → 'role'»",
    ],
  ],
  [
    'Where something denies, nobody asks what it allows.',
    [
      "hearing.ts: const denial: Answer = { denies: true, allows: «'none' → 'account'» }",
      "hearing.ts: const denial: Answer = { denies: true, allows: «'none' → 'role'» }",
      "hearing.ts: const denial: Answer = { denies: true, allows: «'none' → 'direct'» }",
    ],
  ],
  [
    'A reach that is not there has no rank, and then the other is the nearer one.',
    [
      "decide.ts: const ownersReach = ({ resource, grant }: Hearing): Reach => nearer(«resource?.allows ?? 'none' → resource?.allows», grant)",
    ],
  ],
  [
    'Of two that are equally near it does not matter which, and no rank matters but by its order.',
    [
      'match/reach.ts: const rank: Readonly<Record<Reach, number>> = { none: 0, account: 1, role: 2, direct: «3 → 4» }',
      'match/reach.ts: export const nearer = (one: Reach, other: Reach): Reach => (rank[one] «>= → >» rank[other] ? one : other)',
    ],
  ],
  [
    'What is kept from one request to the next only saves time.',
    [
      'compiled-policy.ts: if («found → false») return found',
      'compiled-policy.ts: «known.set(policy, made) → ;»',
      'match/text-pattern.ts: if («areFixed(tokens) → false») {',
      'match/arn.ts: if («!first.some(endsInStar) → false») return false',
    ],
  ],
  [
    'An action has a service and letters, no variable: every statement has some, and every one is a pattern.',
    [
      'compiled-policy.ts: actions: («Action ?? NotAction ?? [] → Action ?? NotAction»).map(compiledAction),',
      'compiled-policy.ts: «textPattern(action.toLowerCase(), { variables: false, wildcards: true }) ?? refuse() → textPattern(action.toLowerCase(), { variables: false, wildcards: true })»',
      'compiled-policy.ts: textPattern(action.toLowerCase(), { variables: «false → true», wildcards: true }) ?? refuse()',
    ],
  ],
  [
    'Addresses are of one length before they are compared; a group without dots is no IPv4 address, nor has one of two groups a sixth.',
    [
      'conditions/ip-address.ts: return group >> free === («address[index] ?? 0 → address[index]») >> free',
      'conditions/ip-address.ts: return group >> free === (address[index] ?? «0 → 1») >> free',
      "conditions/ip-address.ts: const dotted = «atEnd && index === written.length - 1 && group.includes('.') → atEnd && index === written.length - 1» ? v4(group) : undefined",
      'conditions/ip-address.ts: «address.length === 8 && address[5] === 0xffff → address[5] === 0xffff» && address.slice(0, 5).every((group) => group === 0)',
    ],
  ],
  [
    'A boolean with a wildcard is none, whatever its tokens; and what the tokens refuse never gets to be compiled.',
    [
      'conditions/truth.ts: const tokens = tokensOf(value, { variables, wildcards: «false → true» })',
      'conditions/truth.ts: return «same && ((given, context) => isTruth(given) && same(given, context)) → ((given, context) => isTruth(given) && same(given, context))»',
    ],
  ],
  [
    'Every pattern begins with arn: itself, and no colon stands at the beginning of an ARN.',
    [
      "match/arn.ts: if («!text.startsWith('arn:') → false») return undefined",
      'match/arn.ts: if (colon «< → <=» 0) return undefined',
      'match/arn.ts: if (colon < «0 → 1») return undefined',
      'match/arn.ts: for (let at = «0 → 1»; at < globs.length; at += 1) {',
    ],
  ],
  [
    'Patterns and ARNs have six parts by then, of which none is missing, and only text has a text.',
    [
      "match/arn.ts: if («glob === undefined || !globMatches(glob, given[at] ?? '') → !globMatches(glob, given[at] ?? '')») return false",
      "match/arn.ts: if (glob === undefined || !globMatches(glob, «given[at] ?? '' → given[at]»)) return false",
      "match/arn.ts: (_, at) => «starts[at] === true && last !== undefined → starts[at] === true» && globMatches(last, segments.slice(at).join(':')),",
      'match/arn.ts: const [scheme] = «parts[0] ?? [] → parts[0]»',
      "match/arn.ts: return «parts.length === 6 && scheme?.kind === 'text' → parts.length === 6» && scheme.text === 'arn' ? parts.map(globOf) : undefined",
    ],
  ],
  [
    'A glob has at least one piece, and an index within it finds one.',
    [
      'match/glob.ts: const last = «pieces[pieces.length - 1] ?? [] → pieces[pieces.length - 1]»',
      'match/glob.ts: const first = «pieces[0] ?? [] → pieces[0]»',
      'match/glob.ts: const piece = «pieces[index] ?? [] → pieces[index]»',
    ],
  ],
  [
    'Any number will do that is no character code; and a piece found past the end is too late as well.',
    [
      'match/glob.ts: const anyOne = -«1 → 2»',
      'match/glob.ts: while (from «+ → -» piece.length <= end && !fits(piece, text, from)) from += 1',
    ],
  ],
  [
    'No caller has an account or a role that is undefined.',
    [
      'match/principals.ts: const accounts = new Set(aws.flatMap((value) => «accountNamed(value) ?? [] → accountNamed(value)»))',
      "match/principals.ts: if («principal.kind === 'role-session' && arns.has(principal.roleArn) → arns.has(principal.roleArn)») return 'role'",
    ],
  ],
  [
    'Where case does not matter there are no wildcards, so all tokens are text, and what is not a wildcard is read as text.',
    [
      "match/text-pattern.ts: tokens.map((token) => («token.kind === 'text' → true» ? { kind: 'text', text: token.text.toLowerCase() } : token))",
      "match/text-pattern.ts: tokens.map((token) => («token.kind === 'text' ? { kind: 'text', text: token.text.toLowerCase() } : token → { kind: 'text', text: token.text.toLowerCase() }»))",
      "match/text-pattern.ts: tokens.map((token) => (token.kind === 'text' ? { kind: «'text' → 'variable'», text: token.text.toLowerCase() } : token))",
    ],
  ],
  [
    'A default that is undefined is none, and past its end a text has only empty characters.',
    [
      'match/tokens.ts: for (let at = 0; at «< → <=» value.length; at += 1) {',
      "match/tokens.ts: tokens.push({ kind: 'variable', key: key.trim().toLowerCase(), ...(«fallback === undefined → false» ? {} : { fallback }) })",
      "match/tokens.ts: tokens.push({ kind: 'variable', key: key.trim().toLowerCase(), ...(«fallback === undefined ? {} : { fallback } → { fallback }») })",
    ],
  ],
]

/** Why no trial kills a mutant, by its name. */
export const equivalents: ReadonlyMap<string, string> = new Map(
  reasons.flatMap(([because, mutants]) => mutants.map((name) => [name, because] as const)),
)
