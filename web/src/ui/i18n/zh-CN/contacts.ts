// People, groups, lists and search.
export default {}
