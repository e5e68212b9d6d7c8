import ArgumentParser
import Diagnostics
import Volumes

/// What the classes are called, for tables and pictures.
struct ClassNames: ParsableArguments {
  @Option(
    help: ArgumentHelp("Names of the classes 1, 2, … for tables and pictures.", valueName: "a,b,…"))
  var classNames: String?

  private var names: [String] {
    classNames?.split(separator: ",", omittingEmptySubsequences: false)
      .map { printable(String($0)) } ?? []
  }

  /// - Parameter usual: a dataset's names, the background first, for where none are given.
  func names(_ usual: [String]) -> [String] {
    classNames == nil ? Array(usual.dropFirst()) : names
  }
}
