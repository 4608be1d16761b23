// Whether two records say the same.

/** Field by field, each as it is: what is within a field is not looked into. */
export const isSame = <T extends object>(one: T, other: T): boolean => {
  const fields = Object.keys(one) as (keyof T)[]
  return fields.length === Object.keys(other).length && fields.every((field) => one[field] === other[field])
}
