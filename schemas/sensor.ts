/** The id of a Fluksometer's sensor, and its token: 32 lower-case hex digits each. */
export const SENSOR_HEX = /^[0-9a-f]{32}$/
