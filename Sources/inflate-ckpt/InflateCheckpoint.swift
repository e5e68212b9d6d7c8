import ArgumentParser
import Diagnostics
import Glibc

/// Every command says its name, which is its type's: to spell that, at each start and for each of
/// them, Swift searches all that the binary knows of types.
struct InflateCheckpoint: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inflate-ckpt",
    abstract: "Turns 2D vision-transformer checkpoints into 3D medical segmenters, and proves it.",
    discussion: """
      Nothing is lost silently: every source tensor ends as used or dropped by a named rule, every \
      target tensor as derived or initialised, and verify measures how far the 3D model is from \
      the 2D one.

      Exit status: 0 done; 1 a check fell short; 64 usage; 65 bad input data; 66 input missing; \
      69 mirror unavailable; 73 cannot create output; 74 input/output.
      """,
    version: toolVersion,
    subcommands: [
      Inspect.self, Convert.self, Verify.self, VerifyRecord.self, Segment.self, Diff.self,
      Repack.self, Zoo.self,
    ])
}

let toolVersion = "0.1.0"

@main
enum Main {
  /// The command line, with `verify record` as the one command that it is.
  private static var arguments: [String] {
    let given = Array(CommandLine.arguments.dropFirst())
    return given.starts(with: ["verify", "record"])
      ? ["verify-record"] + given.dropFirst(2) : given
  }

  static func main() {
    occupyClosedStandardStreams()
    Interruption.removePartialFiles()
    do {
      var command = try InflateCheckpoint.parseAsRoot(arguments)
      try command.run()
    } catch let fault as Fault {
      StandardError.write("error: \(fault)\n")
      exit(fault.code.exitStatus.rawValue)
    } catch let shortfall as CheckFellShort {
      exit(shortfall.exitStatus.rawValue)
    } catch {
      InflateCheckpoint.exit(withError: error)
    }
  }
}

/// A check missed its bound; what there is to say has been printed.
struct CheckFellShort: Error {
  var exitStatus: ExitStatus = .checkFailed
}
