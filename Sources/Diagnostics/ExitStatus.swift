/// How the process ends; the numbers above 1 are those of `sysexits.h`.
package enum ExitStatus: Int32, Sendable, CaseIterable {
  case success = 0
  /// A check ran and its figure missed the bound.
  case checkFailed = 1
  case usage = 64
  case invalidData = 65
  case missingInput = 66
  case mirrorUnavailable = 69
  case cannotCreateOutput = 73
  case inputOutput = 74
}
