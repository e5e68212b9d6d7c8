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

  /// - Parameter preset: whose names are taken where none are given.
  func names(_ preset: DatasetPreset?) -> [String] {
    classNames == nil ? Array(preset?.classes.dropFirst() ?? []) : names
  }
}
