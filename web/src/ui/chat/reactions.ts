// Reactions that are offered first.
export const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const
