# Tests of the layer with a real LayeredCostmap; they need Nav2.
find_package(ament_cmake_gtest REQUIRED)

foreach(name test_conversions test_social_layer test_layer_diagnostics test_layer_settings
    test_model_file)
  ament_add_gtest(${name} ${CMAKE_CURRENT_LIST_DIR}/../test/${name}.cpp TIMEOUT 180)
  target_link_libraries(${name} social_layer nav2_costmap_2d::layers)
endforeach()
target_link_libraries(test_model_file ${yaml_cpp})
target_compile_definitions(test_model_file PRIVATE
  MODEL_FILES="${CMAKE_CURRENT_LIST_DIR}/../test/model_files.txt")

# Real planners and a real controller; each needs the package that it names.
find_package(launch_testing_ament_cmake QUIET)
function(social_nav_launch_test name domain)
  foreach(needed launch_testing_ament_cmake ${ARGN})
    find_package(${needed} QUIET)
    if(NOT ${needed}_FOUND)
      message(STATUS "${needed} is not installed: ${name} is not run")
      return()
    endif()
  endforeach()
  set(folder ${PROJECT_SOURCE_DIR}/test/system)
  add_launch_test(${folder}/${name}.py
    TIMEOUT 400 WORKING_DIRECTORY ${folder}
    ENV ROS_DOMAIN_ID=${domain} ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
      ROS_STATIC_PEERS= ROS_DISCOVERY_SERVER=)
endfunction()

social_nav_launch_test(launch_planners 91
  nav2_lifecycle_manager nav2_map_server nav2_navfn_planner nav2_planner nav2_smac_planner)
social_nav_launch_test(launch_controller 92
  nav2_controller nav2_lifecycle_manager nav2_map_server nav2_navfn_planner nav2_planner
  nav2_regulated_pure_pursuit_controller)
social_nav_launch_test(launch_clear 93
  nav2_controller nav2_lifecycle_manager nav2_map_server nav2_navfn_planner nav2_planner
  nav2_regulated_pure_pursuit_controller)
social_nav_launch_test(launch_mppi 94
  nav2_controller nav2_lifecycle_manager nav2_map_server nav2_mppi_controller nav2_navfn_planner
  nav2_planner)
