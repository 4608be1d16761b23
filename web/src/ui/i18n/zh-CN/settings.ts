// Settings.
export default {}
