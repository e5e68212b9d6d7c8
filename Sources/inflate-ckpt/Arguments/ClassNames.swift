import ArgumentParser
import Diagnostics

/// What the classes are called, for tables and pictures.
struct ClassNames: ParsableArguments {
  @Option(
    help: ArgumentHelp("Names of the classes 1, 2, … for tables and pictures.", valueName: "a,b,…"))
  var classNames: String?

  var names: [String] {
    classNames?.split(separator: ",", omittingEmptySubsequences: false)
      .map { printable(String($0)) } ?? []
  }

  /// The name of a class, or its number where there is none.
  func name(of index: Int) -> String {
    names.indices.contains(index - 1) ? names[index - 1] : "class \(index)"
  }
}
