import type { AllowedBy, Decision, PolicyType } from '../decision.ts'

/** The rule behind a decision, in a sentence. */
export const ruleOf = (decision: Decision): string => {
  if (decision.allowed) return allowedRules[decision.by]
  return decision.kind === 'explicit' ? explicitRules[decision.policyType] : implicitRules[decision.policyType]
}

const allowedRules: Readonly<Record<AllowedBy, string>> = {
  identity: 'An identity-based policy allows it, and nothing denies it or limits the caller.',
  resource: "The resource's policy allows the caller itself, and nothing denies it.",
  'identity-and-resource':
    "The resource's policy allows the caller or its account, and the caller's own policies allow it.",
  grant: 'A grant of the key allows it, and nothing denies it.',
  'root-user': "The root user of the resource's account may do all that the resource's policy does not deny.",
}

const explicitRules: Readonly<Record<PolicyType, string>> = {
  identity: 'An identity-based policy denies it, and a Deny is final.',
  resource: "The resource's policy denies it, and a Deny is final.",
  boundary: 'The permissions boundary denies it, and a Deny is final.',
  session: 'A session policy denies it, and a Deny is final.',
}

const implicitRules: Readonly<Record<PolicyType, string>> = {
  identity: "No identity-based policy allows it, and the resource's policy does not allow the caller itself.",
  resource: "The resource's policy has to allow the caller or its account, and does not.",
  boundary: 'It would be allowed, but the permissions boundary does not allow it too.',
  session: 'It would be allowed, but no session policy allows it too.',
}
