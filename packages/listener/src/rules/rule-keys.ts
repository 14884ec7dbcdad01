/** The keys of our rules. None that is not ours has them, and every rule of ours about system calls has one. */

export const ruleKey = 'godo';

/** Of the rules about sensitive files: what they record is told from all else by it. */
export const sensitiveKey = 'godo-sensitive';
