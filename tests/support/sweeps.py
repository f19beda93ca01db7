"""Tests that go through every case of something: `pytest` takes a few cases of each, `pytest --sweeps rest` the others.

The default run is for whoever changes a line and waits for it. Continuous integration runs `--sweeps more` beside it:
the others but those that take minutes. Those and the others in a browser are for a release.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import filterfalse

import pytest

CASES = {
    "analysis/test_audit.py::test_every_normalisation_finds_itself": 1,
    "app/opening/test_dropped.py::test_a_file_of_each_kind_reaches_its_trees": 0,
    "app/opening/test_dropped.py::test_a_folder_and_then_a_file_dropped_on_the_page": 0,
    "app/opening/test_dropped.py::test_words_of_uploads_in_five_formats_are_only_words": 0,
    "app/opening/test_open_own.py::test_every_kind_of_export_is_made_and_offered": 3,
    "app/rollout/test_form.py::test_every_sampler_has_its_widgets": 3,
    "app/rollout/test_form.py::test_what_the_form_asks_for_can_be_sampled": 2,
    "app/rollout/test_monitor.py::test_trajectories_are_one_count_while_they_grow_and_after": 0,
    "app/table/test_steps_table.py::test_a_page_without_the_selected_step_is_the_one_of_the_address": 0,
    "app/test_accessible.py::test_charts_have_a_text_alternative": 0,
    "app/test_accessible.py::test_focus_stays_after_a_card": 0,
    "app/test_accessible.py::test_words_can_be_read_and_controls_have_names": 1,
    "app/test_back_and_menus.py::test_a_filter_stays_when_it_is_about_fewer_steps": 0,
    "app/test_back_and_menus.py::test_a_prompt_chosen_in_the_menu_gives_way_to_the_next": 0,
    "app/test_back_and_reload.py::test_an_upload_is_kept_in_this_browser_and_forgotten": 0,
    "app/test_back_and_reload.py::test_words_that_were_looked_for_are_one_step_back": 0,
    "app/test_browser.py::test_a_click_on_a_chart_selects_the_step": 0,
    "app/test_browser.py::test_a_click_on_a_sibling_moves_on": 0,
    "app/test_browser.py::test_a_question_outside_the_vocabulary_is_refused": 0,
    "app/test_browser.py::test_badges_of_the_film_never_overlap": 0,
    "app/test_browser.py::test_nothing_overflows_sideways": 1,
    "app/test_browser.py::test_step_through_reaches_the_end_by_keyboard": 0,
    "app/test_browser.py::test_two_visitors_queue_and_cancel": 0,
    "app/test_charts.py::test_charts_of_a_large_forest_come_after_its_trees": 0,
    "app/test_explore_large.py::test_a_drawer_opens_at_a_selection_and_escape_or_its_button_close_it": 0,
    "app/test_explore_large.py::test_a_filter_dims_all_else_and_removes_nothing": 0,
    "app/test_explore_large.py::test_a_phone_shows_one_trajectory_and_turns_to_siblings": 0,
    "app/test_explore_large.py::test_a_step_of_a_link_is_not_under_the_drawer": 0,
    "app/test_explore_large.py::test_digits_open_to_a_depth_and_every_step_is_under_a_row": 0,
    "app/test_film_keys.py::test_a_click_beside_the_branches_answers_nothing": 0,
    "app/test_film_keys.py::test_a_click_on_a_branch_answers_the_question": 0,
    "app/test_film_keys.py::test_fast_presses_are_all_counted": 0,
    "app/test_film_keys.py::test_keys_in_an_open_menu_are_the_menus_own": 0,
    "app/test_film_keys.py::test_keys_work_wherever_the_focus_is": 1,
    "app/test_film_keys.py::test_next_stands_still_and_in_sight_on_every_frame": 0,
    "app/test_film_keys.py::test_space_plays_after_a_menu_that_escape_closed": 0,
    "app/test_film_keys.py::test_space_plays_and_pauses": 0,
    "app/test_film_keys.py::test_space_presses_a_button_that_was_reached_with_tab": 0,
    "app/test_film_keys.py::test_the_frame_is_in_the_address": 0,
    "app/test_formulas.py::test_hostile_formulas_in_a_browser": 0,
    "app/test_glossary_browser.py::test_words_are_found_in_a_dialog_a_menu_and_a_legend": 0,
    "app/test_grow_focus.py::test_the_focus_stays_on_the_button_that_began_the_run": 0,
    "app/test_hostile_text.py::test_direction_controls_are_visible_and_long_lists_fade_out": 0,
    "app/test_hostile_text.py::test_words_of_a_file_are_only_words": 0,
    "app/test_hostile_text.py::test_words_of_a_link_are_only_words": 0,
    "app/test_hostile_views.py::test_words_are_only_words_whatever_is_chosen": 0,
    "app/test_hostile_views.py::test_words_of_a_file_and_of_a_link_are_only_words": 1,
    "app/test_hostile_views.py::test_words_of_links_are_only_words": 0,
    "app/test_key_sheet.py::test_the_sheet_lists_the_keys_of_the_view_and_gives_the_focus_back": 1,
    "app/test_lessons.py::test_a_link_opens_every_stage": 12,
    "app/test_lessons_browser.py::test_a_unit_takes_the_minutes_that_it_says": 0,
    "app/test_lessons_browser.py::test_every_stage_has_a_way_out": 0,
    "app/test_lessons_browser.py::test_what_is_no_number_is_told_in_plain_words": 0,
    "app/test_lessons_browser.py::test_words_that_do_not_fit_end_in_an_ellipsis": 0,
    "app/test_library.py::test_a_row_that_is_none_opens_nothing": 2,
    "app/test_library.py::test_from_a_folder_to_explore": 0,
    "app/test_library.py::test_going_back_takes_the_words_out_of_the_search": 0,
    "app/test_library.py::test_what_an_address_came_from_and_is_not_there_is_said": 1,
    "app/test_library_preview.py::test_a_row_that_is_broken_off_leaves_the_library_as_it_was": 0,
    "app/test_library_preview.py::test_what_was_broken_off_is_read_again_on_request_only": 0,
    "app/test_menus.py::test_a_menu_of_the_film_shows_what_is_in_force": 0,
    "app/test_menus.py::test_a_menu_opened_and_closed_changes_nothing": 0,
    "app/test_menus.py::test_a_number_that_is_not_allowed_is_shown_and_stops": 0,
    "app/test_menus.py::test_the_prompt_chooser_stays_at_its_prompt": 0,
    "app/test_presenting.py::test_presenting_shows_the_trees_alone_and_escape_leaves": 0,
    "app/test_print.py::test_trees_step_and_formula_are_printed_on_white_without_controls": 0,
    "app/test_selection.py::test_another_method_and_another_view": 0,
    "app/test_selection.py::test_another_sample_and_another_prompt": 0,
    "app/test_selection.py::test_back_and_forward": 0,
    "app/test_selection.py::test_charts": 0,
    "app/test_selection.py::test_fast_clicks_end_where_the_last_one_was": 0,
    "app/test_selection.py::test_the_focus_stays_after_a_card_and_the_fork_button": 0,
    "app/test_selection.py::test_the_fork_button_and_escape": 0,
    "app/test_selection.py::test_the_same_step_by_different_ways": 0,
    "app/test_views.py::test_a_number_that_is_not_allowed_is_said_and_nothing_is_computed": 2,
    "app/test_views.py::test_an_interval_comes_on_request": 1,
    "app/test_views.py::test_every_sample_opens_in_every_view": 10,
    "app/test_widths.py::test_a_method_of_a_longer_name_moves_nothing_beside_it": 0,
    "app/test_widths.py::test_nothing_stands_beyond_the_window_at_any_width": 1,
    "app/tokens/test_tokens_page.py::test_the_token_looked_at_is_in_the_address_and_back_returns_to_it": 0,
    "app/what_if/test_page.py::test_more_is_sampled_in_place_and_the_interval_narrows": 0,
    "bench/test_app_class.py::test_a_small_class_works_without_an_error": 0,
    "bench/test_bench_app.py::test_a_click_sends_little_at_any_size": 0,
    "bench/test_bench_rollout.py::test_all_cores_do_the_same_work": 0,
    "bench/test_bench_rollout.py::test_all_sides_give_as_many_trajectories": 0,
    "bench/test_bench_rollout.py::test_everything_that_takes_time_is_told": 0,
    "bench/test_bench_rollout.py::test_no_round_begins_when_it_has_taken_long": 0,
    "bench/test_bench_rollout.py::test_the_command": 0,
    "bench/test_bench_rollout.py::test_the_document_is_whole": 0,
    "canvas/test_canvas_browser.py::test_a_browser_that_lacks_parts_asks_for_them": 0,
    "canvas/test_canvas_browser.py::test_the_tooltip_has_the_words_of_a_step_without_tags": 0,
    "canvas/test_canvas_browser.py::test_the_tooltip_shows_code_as_the_panel_does": 0,
    "canvas/test_canvas_browser.py::test_zoom_and_folds_survive_new_colours": 0,
    "canvas/test_canvas_deep.py::test_the_fork_has_a_ring_and_the_answers_have_words": 0,
    "canvas/test_canvas_deep.py::test_the_icicle_is_drawn": 0,
    "canvas/test_canvas_film.py::test_badges_brackets_and_the_equation_hide_no_words": 0,
    "canvas/test_canvas_film.py::test_the_legend_is_in_the_window": 0,
    "canvas/test_canvas_film.py::test_words_can_be_read_in_every_frame": 0,
    "canvas/test_canvas_growth.py::test_another_forest_starts_from_the_top": 0,
    "canvas/test_canvas_growth.py::test_headings_of_trees_are_never_printed_over_words": 0,
    "canvas/test_canvas_growth.py::test_the_legend_names_forks_where_there_are_some": 0,
    "canvas/test_canvas_growth.py::test_the_tooltip_stays_with_its_node_or_hides": 1,
    "canvas/test_canvas_growth.py::test_view_folds_and_selection_stay_where_the_forest_has_grown": 0,
    "canvas/test_canvas_words.py::test_answers_that_are_not_merged_are_read_on_their_lines": 0,
    "canvas/test_canvas_words.py::test_most_steps_carry_words_and_siblings_differ": 0,
    "canvas/test_canvas_words.py::test_most_steps_of_any_forest_carry_words": 3,
    "canvas/test_canvas_words.py::test_what_was_answered_is_not_cut_to_two_letters": 0,
    "canvas/test_canvas_words.py::test_words_stand_whole_where_there_is_room": 1,
    "canvas/test_minimap.py::test_the_map_moves_the_view_and_is_absent_where_all_fits": 0,
    "cli/test_annotate_command.py::test_the_numbers_of_the_model_are_those_that_were_recorded": 0,
    "cli/test_interrupt.py::test_a_rollout_keeps_what_is_finished": 0,
    "cli/test_interrupt.py::test_an_annotation_keeps_what_is_finished": 0,
    "cli/test_rollout_matrix.py::test_a_sampler_runs_on_a_task_and_its_file_validates": 2,
    "cli/test_terminal.py::test_closed_streams_change_no_file_and_no_exit_code": 0,
    "core/test_prefixes.py::test_rollouts_of_a_model": 1,
    "exports/test_document.py::test_the_document_is_whole": 0,
    "exports/test_html.py::test_words_of_a_page_can_be_read_and_controls_have_names": 1,
    "exports/test_streaming.py::test_rows_never_stand_side_by_side": 0,
    "exports/test_trainers.py::test_a_step_of_policy_gradient_makes_credited_tokens_likelier": 0,
    "formats/readers/test_mutated.py::test_a_file_with_something_wrong": 20,
    "formats/test_document.py::test_the_document_is_whole": 0,
    "formats/test_limits.py::test_a_large_file_takes_eight_times_its_size_at_most": 0,
    "formats/test_limits.py::test_a_small_compressed_file_takes_little_memory": 0,
    "formats/test_limits.py::test_a_wide_row_or_node_is_refused_before_it_is_made": 2,
    "formats/test_limits.py::test_lines_are_bounded_by_the_size_of_the_file": 0,
    "formats/test_native_typed.py::test_documents_of_one_file_may_differ_in_their_fields": 0,
    "formats/test_schema.py::test_reader_and_schema_agree_on_every_single_change": 0,
    "lessons/test_units.py::test_every_count_is_that_of_the_command": 0,
    "lessons/test_units.py::test_the_same_command_gives_the_same_counts": 1,
    "library/test_library.py::test_several_processes_find_the_same": 0,
    "library/test_overview.py::test_another_process_tells_why_it_cannot": 0,
    "library/test_overview.py::test_what_progress_raises_ends_the_other_process": 0,
    "library/test_pool.py::test_a_process_that_dies_takes_one_name_with_it": 0,
    "methods/test_bootstrap.py::test_every_method_has_an_interval_where_it_has_credit_and_leaves": 12,
    "methods/test_both_sides.py::test_what_is_shown_on_the_right_is_what_is_shown_on_the_left": 40,
    "methods/test_credit_explained.py::test_the_last_line_is_the_credit": 8,
    "methods/test_credit_labels.py::test_math_shepherd_is_its_definition": 2,
    "methods/test_credit_labels.py::test_stepwiser_is_its_definition": 2,
    "methods/test_credit_monte_carlo.py::test_spo_chain_puts_the_segment_on_hesitant_tokens": 1,
    "methods/test_credit_outcome.py::test_flat_methods_judge_every_leaf_as_the_oracle_does": 2,
    "methods/test_credit_outcome.py::test_reinforce_pp_on_every_token_and_step": 2,
    "methods/test_credit_search.py::test_omegaprm_is_its_definition": 1,
    "methods/test_credit_step_labels.py::test_step_labels_are_their_definition": 1,
    "methods/test_credit_tools.py::test_a_token_gets_the_mean_of_its_trajectories": 1,
    "methods/test_credit_trees.py::test_treepo_averages_the_groups_of_a_path": 4,
    "methods/test_credit_trees.py::test_treerl_is_the_walk_from_root_to_leaf": 1,
    "methods/test_law_of_states.py::test_steps_have_the_same_numbers_however_the_prompt_is_written": 10,
    "methods/test_laws_of_kinds.py::test_sums_vanish": 8,
    "methods/test_reference.py::test_the_document_is_whole": 0,
    "policies/local/test_checkpoint.py::test_the_digest_is_of_the_weights_as_saved": 1,
    "policies/local/test_cuda_graphs.py::test_the_bundled_model_writes_the_same": 0,
    "policies/local/test_forks.py::test_forks_and_pauses_equal_full_recomputation": 2,
    "policies/local/test_memory.py::test_a_pass_that_does_not_fit_is_made_smaller": 1,
    "policies/local/test_memory.py::test_what_cannot_be_kept_is_computed_again": 1,
    "policies/local/test_model_checks.py::test_branches_give_what_the_model_gives": 5,
    "policies/local/test_sequence_scheduler.py::test_the_bound_holds_and_changes_nothing": 3,
    "policies/local/test_sequences.py::test_what_a_forest_held_goes_with_it": 1,
    "policies/local/test_step_rule.py::test_branches_grow_from_cut_steps_as_if_alone": 1,
    "policies/local/test_step_rule.py::test_cutting_changes_nothing_that_is_written": 1,
    "policies/openai/test_retries.py::test_an_interrupt_ends_the_wait_of_the_command": 1,
    "policies/openai/test_transformers_serve.py::test_a_model_that_is_not_there": 0,
    "policies/openai/test_transformers_serve.py::test_a_rollout_with_outcomes": 0,
    "policies/openai/test_transformers_serve.py::test_stop_strings_that_the_server_knows": 0,
    "policies/openai/test_transformers_serve.py::test_the_likeliest_text_is_that_of_the_same_model_here": 0,
    "rollouts/local/test_workers.py::test_a_stopped_run_goes_on": 0,
    "rollouts/local/test_workers.py::test_a_worker_that_is_killed_costs_nothing": 0,
    "rollouts/local/test_workers.py::test_an_interrupt_of_the_terminal_reaches_no_worker": 0,
    "rollouts/local/test_workers.py::test_long_jobs_do": 0,
    "rollouts/local/test_workers.py::test_the_same_command_gives_every_bit_again": 0,
    "rollouts/local/test_workers.py::test_what_grows_in_a_worker_can_be_looked_at": 0,
    "rollouts/local/test_workers.py::test_workers_end_with_the_process_that_started_them": 0,
    "rollouts/output/test_crash.py::test_killed_anywhere_and_gone_on_with": 0,
    "rollouts/output/test_crash.py::test_the_same_command_gives_every_bit_again": 0,
    "rollouts/output/test_resume.py::test_a_larger_run_begins_with_the_smaller": 1,
    "rollouts/ray/test_ray.py::test_a_stopped_run_goes_on": 0,
    "rollouts/ray/test_ray.py::test_a_worker_by_itself": 0,
    "rollouts/ray/test_ray.py::test_the_command_joins_a_cluster": 0,
    "rollouts/ray/test_ray.py::test_the_same_as_here_though_a_worker_is_killed": 0,
    "rollouts/ray/test_ray.py::test_what_does_not_fit": 0,
    "rollouts/test_started_places.py::test_the_bundled_model_searches_and_finds": 0,
    "rollouts/test_started_places.py::test_the_seed_decides_everything_and_the_batch_nothing": 1,
    "rollouts/test_tiny_rollout.py::test_the_command_line_prints_no_warning": 0,
    "samplers/test_fixed_width.py::test_tiny_model_gives_forests_that_the_methods_read": 1,
    "samplers/test_sampler_document.py::test_the_document_is_whole": 0,
    "samplers/test_sampler_sizes.py::test_a_sampler_writes_as_many_trajectories_as_it_says": 12,
    "serving/test_access.py::test_a_file_of_the_operator_that_cannot_be_opened_is_named_without_its_folder": 0,
    "serving/test_access.py::test_a_proxy_before_a_public_server_gives_the_public_form": 0,
    "serving/test_access.py::test_nothing_is_asked_of_the_network": 0,
    "serving/test_access.py::test_the_command_refuses_other_names_before_a_page_runs": 1,
    "serving/test_access.py::test_the_public_is_told_nothing_of_the_servers_insides": 0,
    "serving/test_dockerfile.py::test_its_steps_end_in_a_healthy_server": 0,
    "serving/test_forged.py::test_no_forged_value_in_the_menus_of_a_file": 0,
    "serving/test_forged.py::test_no_forged_value_reaches_code_files_or_others": 0,
    "serving/test_forged.py::test_what_a_library_is_asked_for_stays_in_the_library": 1,
    "serving/test_forged_events.py::test_forged_events_do_nothing": 1,
    "serving/test_give_back.py::test_sessions_are_forgotten_once_they_will_not_return": 1,
    "serving/test_runs.py::test_a_run_survives_the_death_of_its_server": 0,
    "serving/test_runs.py::test_many_pages_do_not_keep_others_waiting": 0,
    "serving/test_runs.py::test_one_visitor_has_a_share_of_the_line": 0,
    "serving/test_runs.py::test_the_address_follows_where_the_browser_is_behind": 0,
    "serving/test_runs.py::test_who_looks_at_a_link_cannot_end_the_run": 0,
    "tasks/verifiers/test_math_adversarial.py::test_agreement_with_math_verify_is_as_documented": 0,
    "tasks/verifiers/test_math_adversarial.py::test_ours_is_right_on_every_pair": 1,
    "test_bundled.py::test_the_bundled_model_grows_the_sample_again": 1,
    "test_extending.py::test_a_public_server_offers_no_task_and_no_critic_of_plug_ins": 0,
    "test_extending.py::test_the_app_shows_the_examples": 0,
    "test_extending.py::test_the_command_line_uses_the_critic_and_the_annotation": 0,
    "test_extending.py::test_the_command_line_uses_the_examples": 0,
    "test_readme.py::test_the_lines_of_python_run": 0,
    "tiny/test_tiny_weights.py::test_sampled_steps_are_well_formed_and_differ": 1,
    "tiny/test_tiny_weights.py::test_some_trajectories_are_right_and_some_are_wrong": 1,
    "views/inspector/test_sibling_cards.py::test_the_card_of_the_selected_step_is_in_sight": 0,
    "views/test_widget.py::test_words_of_the_widget_can_be_read_and_controls_have_names": 1,
}
"""Test -> how many of its cases the default run takes, spread over all of them."""
MORE = {
    "lessons/test_units.py::test_every_count_is_that_of_the_command": 1,
    "lessons/test_units.py::test_the_same_command_gives_the_same_counts": 2,
    "serving/test_forged.py::test_no_forged_value_in_the_menus_of_a_file": 1,
    "serving/test_forged.py::test_no_forged_value_reaches_code_files_or_others": 2,
}
"""Test -> how many of its others `--sweeps more` takes; all of those that are not named."""


def add_option(parser: pytest.Parser) -> None:
    """`--sweeps few|more|rest|all`."""
    parser.addoption(
        "--sweeps", choices=("few", "more", "rest", "all"), default="few", help="cases of long tests to run"
    )


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for; tests that are named one by one, or that failed last, always run."""
    wanted = config.getoption("--sweeps")
    if wanted == "all" or config.getoption("lf", default=False) or any("::" in argument for argument in config.args):
        return
    rest = _rest(items)
    others = {item for cases in rest.values() for item in cases}
    if wanted == "more":
        chosen = {item for name, cases in rest.items() for item in _spread(cases, MORE.get(name, len(cases)))}
    else:
        chosen = others if wanted == "rest" else {*items} - others
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def _rest(items: list[pytest.Item]) -> dict[str, list[pytest.Item]]:
    """Test -> the cases that are left to the longer runs."""
    found = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        name = item.nodeid.split("[")[0].removeprefix("tests/")
        if name in CASES:
            found[name].append(item)
    return {name: [*filterfalse(_spread(cases, CASES[name]).__contains__, cases)] for name, cases in found.items()}


def _spread(cases: list[pytest.Item], few: int) -> list[pytest.Item]:
    """So many of all, from the first on."""
    return [cases[len(cases) * number // few] for number in range(min(few, len(cases)))]
