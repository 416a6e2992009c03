/** What a caller can ask for, as roles name it. */
export const actions = ['configuration:read', 'health:read', 'metrics:read', 'users:read', 'users:write'] as const

export type Action = (typeof actions)[number]
